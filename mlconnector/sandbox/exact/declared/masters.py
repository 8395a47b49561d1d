"""Business partners, accounts, cost centers and cost units, items, documents.

Facts of the vendor's REST reference (read 2025-07): names, types and marks; entity.py reads them.
"""

FIELDS = {
    "crm/Accounts": """
        Guid: ID*? Accountant*~? AccountManager*~? ActivitySector*~ ActivitySubSector*~ BRIN~?
            BusinessType*~ Classification1*? Classification2*? Classification3*? Classification4*?
            Classification5*? Classification6*? Classification7*? Classification8*? CompanySize*~
            Creator Document~ GLAccountPurchase*~ GLAccountSales*~ GLAP*~ GLAR*~ InvoiceAccount*~?
            LeadPurpose*~ LeadSource*~ MainContact*~? Modifier Parent*~? PriceList*~? Reseller*~?
            SalesTaxSchedule* ShippingMethod*~
        String: AccountManagerFullName AddressLine1*~? AddressLine2*~? AddressLine3*~? BSN*?
            ChamberOfCommerce*~? City*~? Classification? ClassificationDescription Code*~?
            CodeAtSupplier*~? Costcenter~ CostcenterDescription Country*~? CountryName CreatorFullName
            Currency~ DatevCreditorCode* DatevDebtorCode* DunsNumber~ Email*~? Fax*~? GlnNumber*~
            IncotermAddressPurchase* IncotermAddressSales* IncotermCodePurchase* IncotermCodeSales*
            IntraStatArea*~ IntraStatDeliveryTerm*~ IntraStatSystem*~ IntraStatTransactionA*~
            IntraStatTransactionB*~ IntraStatTransportMethod*~ InvoiceAccountCode InvoiceAccountName
            Language*~ LanguageDescription LogoFileName*~ LogoThumbnailUrl LogoUrl ModifierFullName
            Name*!~? OINNumber* PayAsYouEarn* PaymentConditionPurchase*~
            PaymentConditionPurchaseDescription PaymentConditionSales*~ PaymentConditionSalesDescription
            Phone*~? PhoneExtension*~ Postcode*~? PurchaseCurrency*~ PurchaseCurrencyDescription
            PurchaseVATCode*~ PurchaseVATCodeDescription Remarks* ResellerCode ResellerName RSIN*~?
            SalesCurrency*~ SalesCurrencyDescription SalesTaxScheduleCode SalesTaxScheduleDescription
            SalesVATCode*~ SalesVATCodeDescription SearchCode*~? State*~ StateName Status*~? TradeName*~
            Type~? UniqueTaxpayerReference* VATLiability*~ VATNumber*~? Website*~ CustomField
            EORINumber*? PeppolIdentifier*
        Int16: IncotermVersionPurchase* IncotermVersionSales*
        Int32: AccountManagerHID Division~ InvoiceAttachmentType*~ InvoicingMethod*~ PurchaseLeadDays*~
            SecurityLevel*~ ShippingLeadDays*~ PeppolIdentifierType*
        Byte: ConsolidationScenario*~ CostPaid~ DeliveryAdvice* IsAccountant*~? IsAgency*~ IsAnonymised
            IsCompetitor*~ IsMailing*~ SeparateInvPerProject*~ SeparateInvPerSubscription*~
            AutomaticProcessProposedEntry* AddressSource Source
        Double: CreditLinePurchase*~ CreditLineSales*~ DiscountPurchase*~ DiscountSales*~ Latitude*~
            Longitude*~
        Boolean: Blocked*~? CanDropShip*~ HasWithholdingTaxSales* IgnoreDatevWarningMessage* IsBank~
            IsExtraDuty* IsMember~ IsPilot*~ IsPurchase~ IsReseller*~? IsSales~? IsSupplier*~?
            RecepientOfCommissions*~ ShowRemarkForSales* EnableSalesPaymentLink*
        DateTime: ControlledDate*~ Created? CustomerSince~ EndDate*~? EstablishedDate*~ Modified~?
            StartDate*~? StatusSince~
        Binary: Logo*~
        Collection: BankAccounts
    """,
    "financial/GLAccounts": """
        Guid: ID* Creator Modifier PrivateGLAccount*~ VATNonDeductibleGLAccount*~ YearEndCostGLAccount*~
            YearEndReflectionGLAccount*~
        String: BalanceSide*~ BalanceType*~ Code*!~ Costcenter*~ CostcenterDescription Costunit*~
            CostunitDescription CreatorFullName Description*!~ ModifierFullName ReportingCode*~
            SearchCode*~ TypeDescription VATCode*~ VATDescription VATGLAccountType*~ VATSystem*~
            CustomField
        Int16: AssimilatedVATBox*~
        Int32: BelcotaxType*~ DescriptionTermID* Division Type*~
        Byte: ExcludeVATListing*~ UseCostcenter*~ UseCostunit*~ AllowCostsInSales*
        Double: ExpenseNonDeductiblePercentage*~ PrivatePercentage*~ VATNonDeductiblePercentage*~
        Boolean: Compress*~ IsBlocked*~ Matching*~ RevalueCurrency*~
        DateTime: Created Modified
        Collection: DeductibilityPercentages*
    """,
    "hrm/Costcenters": """
        Guid: ID* Creator Modifier
        String: Code*! CreatorFullName Description*! ModifierFullName CustomField
        Int32: Division
        Boolean: Active*
        DateTime: Created EndDate* Modified
    """,
    "hrm/Costunits": """
        Guid: ID* Creator Modifier
        String: Code*! CreatorFullName Description*! ModifierFullName CustomField
        Int32: Division
        DateTime: Created EndDate* Modified
    """,
    "logistics/Items": """
        Guid: ID*? Creator GLCosts*~? GLRevenue*~? GLStock*~? ItemGroup*~? Modifier
            GLCostsWorkInProgress* GLRevenueWorkInProgress*
        String: Barcode*? Class_01*~? Class_02*~? Class_03*~? Class_04*~? Class_05*~? Class_06*~?
            Class_07*~? Class_08*~? Class_09*~? Class_10*~? Code*!~? CostPriceCurrency*~ CreatorFullName
            Description*!~? ExtraDescription*~? FreeTextField_01*~? FreeTextField_02*~?
            FreeTextField_03*~? FreeTextField_04*~? FreeTextField_05*~? FreeTextField_06*~?
            FreeTextField_07*~? FreeTextField_08*~? FreeTextField_09*~? FreeTextField_10*~? GLCostsCode
            GLCostsDescription GLRevenueCode GLRevenueDescription GLStockCode GLStockDescription
            ItemGroupCode? ItemGroupDescription ModifierFullName NetWeightUnit*? Notes*~ PictureName*~
            PictureThumbnailUrl PictureUrl SalesVatCode*~? SalesVatCodeDescription SearchCode*~?
            StatisticalCode Unit*~? UnitDescription UnitType CustomField GLCostsWorkInProgressCode
            GLCostsWorkInProgressDescription GLRevenueWorkInProgressCode
            GLRevenueWorkInProgressDescription
        Int32: Division SecurityLevel*~ AssembledLeadDays
        Byte: CopyRemarks*~ IsBatchItem*~? IsBatchNumberItem* IsMakeItem*~? IsNewContract*~
            IsOnDemandItem*~ IsRegistrationCodeItem*~ IsTaxableItem* IsTime*~? IsWebshopItem*~?
            UseExplosion
        Double: AverageCost*~ CostPriceNew*~? CostPriceStandard*~ FreeNumberField_01*~?
            FreeNumberField_02*~? FreeNumberField_03*~? FreeNumberField_04*~? FreeNumberField_05*~?
            FreeNumberField_06*~? FreeNumberField_07*~? FreeNumberField_08*~? GrossWeight* NetWeight*~
            StandardSalesPrice StatisticalNetWeight StatisticalUnits StatisticalValue Stock
            BatchQuantity
        Boolean: FreeBoolField_01*~? FreeBoolField_02*~? FreeBoolField_03*~? FreeBoolField_04*~?
            FreeBoolField_05*~? IsFractionAllowedItem*~? IsPackageItem*~ IsPurchaseItem*~?
            IsSalesItem*~? IsSerialItem*~? IsSerialNumberItem* IsStockItem*~? IsSubcontractedItem*~?
        DateTime: Created? EndDate*~? FreeDateField_01*~? FreeDateField_02*~? FreeDateField_03*~?
            FreeDateField_04*~? FreeDateField_05*~? Modified? StartDate*~?
        Binary: Picture*
    """,
    "documents/Documents": """
        Guid: ID* Account*~ Category*~ Contact*~ Creator DocumentFolder*~ FinancialTransactionEntryID*~
            Modifier Opportunity*~ Project*~ ContractID* Item*
        String: AccountCode AccountName Body*~ CategoryDescription* ContactFullName CreatorFullName*
            Currency*~ DocumentFolderCode DocumentFolderDescription DocumentViewUrl Language*~
            ModifierFullName ProjectCode ProjectDescription Subject*!~ TypeDescription ContractNumber
            EntryStatusDescription ItemCode ItemDescription TeamsMeetingId*
        Int16: ProposedEntryStatus* ScanServiceStatus*
        Int32: Division HID* SalesInvoiceNumber*~ SalesOrderNumber*~ SendMethod ShopOrderNumber*~
            Type*!~
        Double: AmountFC*~
        Boolean: HasEmptyBody~ InheritShare* ActionRegenerateEntryProposal
        DateTime: Created DocumentDate*~ ExpiryDate*~ Modified
    """,
    "documents/DocumentAttachments": """
        Guid: ID* Document*!~
        String: FileName*! Url
        Double: FileSize
        Binary: Attachment*!
    """,
}
